"""The demonstration: an application, its people, and the job done on them from end to end."""
