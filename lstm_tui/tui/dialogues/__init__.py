"""Small questions, each a modal screen that answers with a value or None."""
