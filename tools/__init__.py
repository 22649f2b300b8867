"""What the build uses and the product does not."""
