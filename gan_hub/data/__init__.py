"""Training pictures: from sets, folders, ZIPs and drawings to one uint8 tensor, and what is wrong with them."""
