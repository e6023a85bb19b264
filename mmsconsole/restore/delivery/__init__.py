"""How restored files, or what is in them, reach the place where they are needed."""
