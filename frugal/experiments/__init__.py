"""What is asked and how it is run: studies, needs, designs of experiment, execution, the run store."""
