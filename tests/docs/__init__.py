"""The pages for people are held to the program that they describe."""
