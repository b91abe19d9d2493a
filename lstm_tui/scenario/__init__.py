"""The scenario file: its schema, reading it, loading what it names, the plan it comes to, writing it."""
