"""Workers: processes that ask for a trial, train it and tell, until their study is done.

They share nothing but the storage. What a worker is told is in `orders`, what it does before its
first trial in `prepare`, which trial comes next in `asker`, when it proves a model in `proving`,
whether it hangs in `movement`. Who starts, watches and replaces workers is `tuner.launchers`'
matter; what a trial is, `tuner.trials`'.
"""
