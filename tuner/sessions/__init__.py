"""Sessions: one run of a command on a study, from what a user wishes to what came of it.

`wish` and `plan` make a study of a wish, or `agreement` checks that it is still the same; `session`
goes on with it until it has its trials, `certifying` until it has its certificate; `progress`,
`result` and `watcher` are what others see of that. Nothing here trains or prints.
"""
