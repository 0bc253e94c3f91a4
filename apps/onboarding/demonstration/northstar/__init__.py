"""Northstar Media: an agency in the demo, with clients that grant it more and less."""
