"""Answers of the lab's searches: how small a network can be that reaches a target."""

from __future__ import annotations

from dataclasses import replace

from analysis.lab import figures, spent
from analysis.lab.answer import Answer, Evidence, Found, Picture
from analysis.lab.programme import TRIALS, Part, Question
from tuner.records import words
from tuner.records.questions import titles_of
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

KINDS = {
    "q2": "fully connected network",
    "q3": "fully connected network",
    "q4": "plain convolutional network",
    "q6": "convolutional network with 20 % dropout",
    "q8": "convolutional network with batch normalisation",
    "q10": "residual network",
}

TOLD = {
    2: "A fully connected network has a weight for every pixel and every unit. So most of its "
    "parameters are in the first layer, whatever there is to be seen in a picture.",
    3: "Digits are white strokes in the middle of a black square, so that a pixel says much about "
    "the class. In photographs the same pixel may belong to anything.",
    4: "A convolution looks for the same small pattern everywhere in the picture with the same "
    "few weights. A fully connected layer needs other weights for every place.",
    6: "Dropout switches off a part of the network at random in every step of the training, "
    "which makes it harder for a network to learn the training images by heart.",
    8: "Batch normalisation keeps the numbers between the layers in a range in which the training "
    "gets on fast, for two trainable parameters a channel.",
    10: "A residual block adds its input to its output, so it only has to learn what is to be "
    "changed; that lets deeper networks be trained.",
}


def answer(question: Question, evidence: Evidence) -> Answer:
    """What the question's search found, and what is proven of it."""
    part = question.needs[0]
    record = evidence.get(part)
    missing = evidence.lacking((*question.needs, *question.compares))
    if record is None:
        return Answer(question, missing=missing)
    took = spent.seconds(record, evidence.companions.get(record.name, ()))
    made = Answer(
        question,
        studies=(record,),
        seconds=took,
        machine=spent.machine([record]),
        missing=missing,
        found=found(record),
    )
    if record.target is None:
        raise ValueError(f"{record.name} is a sweep")
    best = record.incumbent
    lines = (_not_met(record),) if best is None else _met(record, best)
    return replace(
        made,
        lines=lines,
        proven=proofs(record),
        told=(TOLD[question.number], _second(record, best)),
        pictures=(_picture(question, record),),
    )


def found(record: StudyRecord) -> Found:
    """What a search found, in numbers."""
    best, reference = record.incumbent, record.reference
    return Found(
        reference=None if reference is None else reference.size,
        size=None if best is None else best.size,
        proven=None if best is None else _bound(record, best),
        times=None if best is None else record.times_smaller(best),
    )


def _bound(record: StudyRecord, best: TrialRecord) -> float | None:
    """What is proven of a model, or of its recipe where nobody has tried the model."""
    model, recipe = record.model_certificates.get(best.number), record.certificates.get(best.number)
    if model is not None:
        return model.at_least() if model.certified else None
    return recipe.at_least() if recipe is not None and recipe.certified else None


def _kind(record: StudyRecord) -> str:
    return KINDS[record.name.partition("@")[0]]


def _met(record: StudyRecord, best: TrialRecord) -> tuple[str, ...]:
    headline = (
        f"The smallest {_kind(record)} that was found has {words.count(best.size)} trainable "
        f"parameters ({words.count(best.total_size)} in all). It reaches "
        f"{words.goal(record.target)} on {_data(record)} within "
        f"{words.several(record.horizon, 'epoch')}."
    )
    return (headline, _reference(record, best), _built(best), _looked(record))


def _built(best: TrialRecord) -> str:
    """What was found, so that somebody else can build it."""
    return (
        f"Its hyperparameters are {words.values(best)}. It met the target after "
        f"{words.several(best.epochs, 'epoch')}."
    )


def _data(record: StudyRecord) -> str:
    return titles_of(record.dataset_names)


def _reference(record: StudyRecord, best: TrialRecord) -> str:
    reference = record.reference
    if reference is None:
        return "The lab's own network was not trained, so there is nothing to compare with."
    name = str(record.study.get("reference_name", "")).removeprefix("the lab's ")
    accuracy = words.percent(reference.val_measured)
    epochs = words.several(reference.epochs, "epoch")
    met = "met the target with" if reference.reached else "did not meet the target: it came to"
    told = (
        f"The lab's network ({name}) has {words.count(reference.size)}. "
        f"It {met} {accuracy} on validation images after {epochs}"
    )
    times = record.times_smaller(best)
    if times is None:
        return f"{told}. Nothing smaller met it."
    return f"{told}. What was found is {words.comparison(record, best)}."


def _looked(record: StudyRecord) -> str:
    whole = TRIALS.get(record.name.partition("@")[0], 0)
    less = f" of the lab's {whole}" if len(record.trained) < whole else ""
    told = (
        f"The search trained {words.several(len(record.trained), 'network')}{less} with seed "
        f"{record.attributes.get('seed', 0)}, {words.several(record.epochs_spent, 'epoch')} in all."
    )
    failed = len(record.refuted)
    if failed:
        told += (
            f" {words.count(failed)} of them met the target on validation images, and the test "
            "images did not prove it."
        )
    return told


def _not_met(record: StudyRecord) -> str:
    target = words.goal(record.target)
    told = (
        f"No {_kind(record)} reached {target} on {_data(record)} within "
        f"{words.several(record.horizon, 'epoch')} among "
        f"{words.several(len(record.trained), 'network')} that were trained"
    )
    closest = record.closest
    if closest is None:
        return f"{told}."
    return (
        f"{told}. The closest has {words.count(closest.size)} parameters and came to "
        f"{words.percent(closest.val_measured)} on validation images."
    )


def proofs(record: StudyRecord) -> tuple[str, ...]:
    """What is proven of the smallest model: of its file, and of its recipe."""
    best = record.incumbent
    if best is None:
        return ("Nothing met the target, so there is nothing to prove.",)
    (_, file), (_, recipe) = words.proofs(record, best)
    return (f"The trained model itself: {file}.", f"Trained anew with fresh seeds: {recipe}.")


def _second(record: StudyRecord, best: TrialRecord | None) -> str:
    """The second sentence for a student: what the numbers say."""
    target = words.goal(record.target)
    reference = record.reference
    if best is None:
        return (
            f"Nobody knows from this search how small such a network could be: none met {target}."
        )
    times = record.times_smaller(best)
    if reference is None or times is None:
        return (
            f"To be right on {target} of the images, {words.count(best.size)} numbers are enough."
        )
    return (
        f"To be right on {target} of the images, {words.count(best.size)} numbers are enough; "
        f"the lab's network has {words.count(reference.size)}."
    )


def _picture(question: Question, record: StudyRecord) -> Picture:
    return Picture(
        f"{question.name}-size-and-accuracy",
        f"Question {question.number}: size against accuracy of every network that was trained",
        "Each mark is a network, at the best validation accuracy that it came to. A training ends "
        "as soon as it meets the target, or as soon as it is unlikely to.",
        lambda: figures.search(record),
    )


def sizes(evidence: Evidence, study: str, seeds: tuple[int, ...]) -> dict[int, int]:
    """The smallest size that each repetition of a search found, by seed."""
    kept: dict[int, int] = {}
    for seed in seeds:
        record = evidence.get(Part(study, seed))
        best = None if record is None else record.incumbent
        if best is not None and best.size is not None:
            kept[seed] = best.size
    return kept
