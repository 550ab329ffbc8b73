"""The pages that follow from the code, each made by a function of one module here."""
