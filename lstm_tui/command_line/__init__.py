"""What is typed after `:` in the workbench, or stands in a script: words, their meaning, their completion."""
