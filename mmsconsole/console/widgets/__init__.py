"""Widgets: they show lines that `present` drew, and repaint only the cells that changed."""
