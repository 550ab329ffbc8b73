"""What is kept: rules and pauses that change live, and how they are applied to each batch."""
