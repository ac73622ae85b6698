"""Take out of a hub's values what ties them to the organisation that ran it; pure."""
