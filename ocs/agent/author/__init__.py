"""What an author writes in the body of a device class: channels, operations, feeds, properties, link, transitions."""
