"""The lab's ten questions: which studies answer them, and their answers, whatever shows them.

`analysis.lab.programme` says which studies there are; `analysis.lab.answers` makes of what they
found an `analysis.lab.answer.Answer` for each question: plain sentences, tables and figures.
`analysis.report.lab` shows them as HTML, `analysis.lab.markdown` as the page and the table that the
repository has. Nothing here trains or reads a storage.
"""
