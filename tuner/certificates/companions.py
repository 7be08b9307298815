"""Studies beside a search, in the same storage, whose trials prove what the search has found."""

from __future__ import annotations

import optuna

from tuner.basics.optuna_private import storage_of
from tuner.records.keys import SCHEMA, StudyKey

COPIED = (
    StudyKey.STUDY,
    StudyKey.DATA,
    StudyKey.MARGIN,
    StudyKey.YARDSTICK,
    StudyKey.SEED,
    StudyKey.VERSIONS,
    StudyKey.SPACE_HASH,
    StudyKey.SOURCE_HASH,
)
"""What such a study takes over of the search."""


def companion(main: optuna.Study, suffix: str, proofs_of: str | None = None) -> optuna.Study:
    """The study beside a search, made where it is not there yet.

    Args:
        main: The search.
        suffix: Behind its name.
        proofs_of: ``model``; None: of recipes.
    """
    study = optuna.create_study(
        study_name=main.study_name + suffix,
        storage=storage_of(main),
        direction="minimize",
        load_if_exists=True,
        pruner=optuna.pruners.NopPruner(),
    )
    if StudyKey.SCHEMA not in study.user_attrs:
        attributes = main.user_attrs
        for key in COPIED:
            if key in attributes:
                study.set_user_attr(key, attributes[key])
        if proofs_of is not None:
            study.set_user_attr(StudyKey.PROOFS_OF, proofs_of)
        study.set_user_attr(StudyKey.CERTIFIES, main.study_name)
        study.set_user_attr(StudyKey.SCHEMA, SCHEMA)
    return study


def has_companion(main: optuna.Study, suffix: str) -> bool:
    """Whether the study beside a search has been made."""
    return main.study_name + suffix in optuna.get_all_study_names(storage_of(main))
