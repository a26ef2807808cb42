"""What the stages lean on. None of it receives a delivery, and none of it knows a stage.

aside       work on a whole text, off the event loop
backlog     messages that were heard and not yet appended, for the intake
freezing    from a complete reading of the source to the plan, for the planner and the dry run
gates       when planner and migrator yield to a limit, to a refused credential, or to a person
identity    the repository that was asked for, and not another one that has its name by now
signature   whether GitHub accepts our credential, asked once a minute for the whole fleet
"""
