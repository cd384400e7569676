"""What can go wrong in a training, told in words."""
