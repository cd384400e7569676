"""The Hugging Face Hub: pushing, searching, exporting, converting, and its HTTP client."""
