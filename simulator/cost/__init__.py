"""Work + hardware -> seconds, bytes resident. The only room in which work becomes time."""
