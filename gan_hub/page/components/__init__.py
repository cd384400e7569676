"""What several tabs share: theme, canvas, model picker, picture actions, files."""
