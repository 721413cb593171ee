"""The commands, by what they are about. Heavy imports wait inside them, so that help answers at once."""
