"""What a session needs done in the world: files opened and saved, the engine asked. No screen."""
