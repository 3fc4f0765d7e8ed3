"""Jobs: a request becomes programs in folders shaped like /opt/ml, and their results become objects and a status."""
