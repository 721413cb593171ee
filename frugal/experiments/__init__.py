"""What is asked and what was run: studies, designs of experiment, the executor and the run store."""
