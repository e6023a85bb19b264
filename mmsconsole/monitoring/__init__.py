"""What is asked of every member, what its answers mean, and the samples made of them."""
