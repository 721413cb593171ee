"""What can this roof produce?"""
