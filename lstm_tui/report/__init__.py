"""Results as text, JSON and JUnit XML, for headless commands. Everything is made from finished values."""
