"""Verbs, options and their values."""

from __future__ import annotations

from pathlib import Path

from tests.helpers import images
from tests.helpers.bad_inputs.row import Row, text

HELP = "See 'tuner search --help'."


def _toys(folder: Path) -> str:
    return images.write_npz(folder / "toys.npz")


OPTIONS = [
    Row("a verb misspelt", "serch q10", ("'serch'", "did you mean 'search'?")),
    Row("a study for a verb", "q10", ("'q10'", "mean 'tuner search q10'?")),
    Row("a study file for a verb", "my.toml", ("mean 'tuner search my.toml'?",)),
    Row("a word for a verb", "xyzzy", ("no verb is called 'xyzzy'. See 'tuner --help'",)),
    Row("no study", "search", ("Missing argument 'STUDY'", HELP)),
    Row("two studies", "search q9 q10", ("unexpected extra argument (q10)", HELP)),
    Row("a study misspelt", "search q11", ("'q11'", "did you mean 'q10'?")),
    Row("a study in capitals", "search Q10", ("'Q10'", "did you mean 'q10'?")),
    Row("an unknown study", "search everything", ("'everything'", "Built in: q2, ")),
    Row("an option misspelt", "search q10 --trails 3", ("--trails", "Did you mean '--trials'?")),
    Row("an option without a value", "search q10 --trials", ("'--trials' requires an arg", HELP)),
    Row(
        "no trials",
        "search q10 --trials 0",
        ("'--trials'", "'auto' or at least 1, but got '0'", HELP),
    ),
    Row("negative trials", "search q10 --trials -1", ("'auto' or at least 1, but got '-1'", HELP)),
    Row(
        "trials in words", "search q10 --trials abc", ("'auto' or at least 1, but got 'abc'", HELP)
    ),
    Row(
        "a proof of nothing",
        "search q10 --prove twice",
        ("'twice'", "both, model, recipe, none", HELP),
    ),
    Row("trials by themselves", "search q10 --trials auto --sampler tpe", ("'auto'", "'tpe'")),
    Row("half a trial", "search q10 --trials 1.5", ("'auto' or at least 1, but got '1.5'", HELP)),
    Row("no more", "search q10 --more 0", ("'--more'", "0 is not in the range x>=1", HELP)),
    Row("trials and more", "search q10 --trials 3 --more 2", ("trials and more exclude each",)),
    Row("no time", "search q10 --timeout 0", ("'--timeout'", "more than 0, but got '0'", HELP)),
    Row("time in words", "search q10 --timeout soon", ("a time is written 90, 30m", "'soon'")),
    Row("negative time", "search q10 --timeout -5", ("a time is written 90, 30m", "'-5'")),
    Row("negative workers", "search q10 --workers -2", ("'auto' or a number", "'-2'", HELP)),
    Row("workers in words", "search q10 --workers two", ("'auto' or a number", "'two'", HELP)),
    Row("a worker of nothing", "worker", ("Missing argument 'STUDY'", "tuner worker --help")),
    Row(
        "a worker before any search",
        "worker q10 --storage sqlite:///none.db",
        ("there are no results yet", "run 'tuner search' first"),
    ),
    Row("a negative seed", "search q10 --seed -1", ("'--seed'", "-1 is not in the range", HELP)),
    Row("target 0", "search q10 --target 0", ("must be above 0 and below 1, but got 0", HELP)),
    Row("target 1", "search q10 --target 1", ("must be above 0 and below 1, but got 1", HELP)),
    Row("target 1.5", "search q10 --target 1.5", ("below 1, but got 1.5",)),
    Row("target in per cent", "search q10 --target 45", ("but got 45", "for 45 % write 0.45")),
    Row("target with a sign", "search q10 --target 75%", ("but got 75%; for 75 % write 0.75",)),
    Row("target in words", "search q10 --target abc", ("a fraction such as 0.75", "'abc'")),
    Row("target nan", "search q10 --target nan", ("above 0 and below 1, but got nan", HELP)),
    Row("a negative margin", "search q10 --margin -0.1", ("at least 0 and below 0.5", "-0.1")),
    Row("a margin too wide", "search q10 --margin 0.5", ("at least 0 and below 0.5", "got 0.5")),
    Row("a quantity misspelt", "search q10 --minimize mac", ("'mac'", "did you mean 'macs'?")),
    Row("an unknown quantity", "search q10 --minimize time", ("'time'", "one of size, macs")),
    Row("a sampler misspelt", "search q10 --sampler tpee", ("'tpee'", "did you mean 'tpe'?")),
    Row("an unknown sampler", "search q10 --sampler grid", ("'grid'", "must be one of smallest")),
    Row("a pruner misspelt", "search q10 --pruner medan", ("'medan'", "did you mean 'median'?")),
    Row("an unknown pruner", "search q10 --pruner no", ("'no'", "must be one of target")),
    Row(
        "a warm start of another sampler",
        "search q10 --warm-start q4 --sampler tpe",
        ("needs the sampler 'smallest' but got 'tpe'",),
    ),
    Row("a target of a sweep", "search q9 --target 0.5", ("'q9' is a sweep and has no target",)),
    Row("trials of a sweep", "search q9 --trials 3", ("'q9' is a sweep: its grid says",)),
    Row("a sweep with a warm start", "search q9 --warm-start q10", ("'q9' is a sweep",)),
    Row("data twice", "search q10 --data a --data b", ("--data 'b'", "--data cifar10=PATH")),
    Row("data without a value", "search q10 --data", ("'--data' requires an argument", HELP)),
    Row(
        "results that are a file",
        "search q10 --results notes.txt",
        ("'notes.txt' is a file", HELP),
        text("notes.txt", "x"),
    ),
    Row(
        "results within a file",
        "search q10 --data toys.npz --results toys.npz/out",
        ("cannot write to the results folder 'toys.npz/out'", "give another with --results"),
        _toys,
    ),
    Row(
        "a cache that is a file",
        "search q10 --data toys.npz",
        ("The cache folder", "notes", "set TUNER_CACHE to another folder"),
        lambda folder: [_toys(folder), text("notes", "x")(folder)],
        {"TUNER_CACHE": "notes"},
    ),
    Row(
        "an unknown backend",
        "search q10 --data toys.npz",
        ("'theano'", "set KERAS_BACKEND to one of tensorflow"),
        _toys,
        {"KERAS_BACKEND": "theano"},
    ),
    Row("one seed", "certify q10 --seeds 1", ("'--seeds'", "1 is not in the range x>=")),
    Row("seeds in words", "certify q10 --seeds x", ("'--seeds'", "'x' is not a valid integer")),
    Row("a negative trial", "certify q10 --trial -1", ("'--trial'", "-1 is not in the range")),
    Row("no format", "export q10", ("Missing option '--format'", "See 'tuner export --help'.")),
    Row("a format misspelt", "export q10 --format tflit", ("'tflit'", "did you mean 'tflite'?")),
    Row("an unknown format", "export q10 --format pb", ("'pb'", "must be one of keras, tflite")),
    Row("int8 of Keras", "export q10 --format keras --int8", ("--int8 is for tflite and onnx",)),
    Row("an unknown order", "trials q10 --sort sise", ("'sise'", "did you mean 'size'?")),
    Row("two forms", "trials q10 --csv --json", ("--csv and --json exclude each other",)),
    Row("a study of the lab", "report q10 --lab", ("--lab is about all studies", "give no STUDY")),
    Row("no question of the lab", "lab q11", ("no question 'q11'", "There are: q1, q2")),
    Row("a question in capitals", "lab Q3", ("'Q3'", "did you mean 'q3'?")),
    Row("no data of the lab", "lab q2 --data gone", ("'gone'",)),
    Row("data of the lab twice", "lab q2 --data a --data b", ("cifar10 twice", "'a' and 'b'")),
    Row("data of the lab without a source", "lab q3 --data mnist=", ("'mnist='", "mnist=FOLDER")),
    Row("no time for the lab", "lab --timeout 0", ("a time is more than 0, but got '0'",)),
    Row("no workers for the lab", "lab --workers none", ("at least 1, but got 'none'",)),
    Row("a lab that nobody has run", "lab --stored", ("no results yet", "tuner search")),
    Row(
        "a page of the lab that is a folder",
        "lab q1 --output docs",
        ("'docs': it is a folder", "give --output a file"),
        text("docs/x", "x"),
    ),
    Row(
        "a page of the lab within a file",
        "lab q1 --output notes/lab.md",
        ("'notes/lab.md'", "notes' is no folder", "give --output another file"),
        text("notes", "x"),
    ),
    Row("no README for the lab", "lab q1 --readme gone.md", ("cannot read 'gone.md'", "No such")),
    Row(
        "a README without a place for the lab",
        "lab q1 --readme README.md",
        ("'README.md' has no place", "<!-- lab: begin -->"),
        text("README.md", "# Mine"),
    ),
    Row("a name with a blank", "search q10 --name 'a b'", ("--name must be of letters", "'a b'")),
    Row("too much for studies", "studies q10", ("unexpected extra argument (q10)",)),
    Row("two sources", "data mnist cifar10", ("unexpected extra argument (cifar10)",)),
    Row("a family misspelt", "spaces resnt", ("'resnt'", "did you mean 'resnet'?")),
    Row("an unknown family", "spaces vgg", ("'vgg'", "or MODULE:CLASS")),
    Row("an unknown family of bench", "bench cn", ("'cn'; there are dense, cnn, resnet",)),
    Row("no seconds of bench", "bench --seconds 0", ("a time is more than 0, but got '0'",)),
    Row(
        "bench of another backend",
        "bench",
        ("Keras's backend is 'jax' here", "run it with KERAS_BACKEND=tensorflow"),
        environment={"KERAS_BACKEND": "jax"},
    ),
    Row("a port too high", "dashboard --port 99999", ("99999 is not in the range",)),
    Row("a port in words", "dashboard --port http", ("'http' is not a valid integer",)),
    Row("an unknown shell", "completion bsh", ("'bsh'", "did you mean 'bash'?")),
]
