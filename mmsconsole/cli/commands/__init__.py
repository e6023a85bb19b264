"""One file per noun; a command's function reads its arguments, asks Operations, and returns."""
