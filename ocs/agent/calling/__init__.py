"""How an author's code is called: in which thread or loop, by whose clock, and what its exceptions become."""
