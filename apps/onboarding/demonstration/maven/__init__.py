"""`make demo-maven`: a real company's pipeline, sent through the whole road.

The files are those of the Maven Analytics CRM sales set: accounts, products, sales_teams and
sales_pipeline.
"""
