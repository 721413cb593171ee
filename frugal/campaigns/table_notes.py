"""What a campaign on a table of runs has to tell of the table itself, beside what reading it told."""

from __future__ import annotations

from collections.abc import Iterator

from frugal.campaigns.campaign import Campaign
from frugal.campaigns.told_errors import dominant_row
from frugal.experiments.designs.from_table import TableOfRuns
from frugal.surrogates.ladder.builders import MOST_FITTED_RUNS


def notes_of(campaign: Campaign, table: TableOfRuns) -> Iterator[str]:
    """Sentences: models that did not see all runs, and a row that decides the errors of all candidates."""
    many = int((~campaign.runs.is_held_out).sum())
    if many > MOST_FITTED_RUNS:
        yield f"each model is fitted to {MOST_FITTED_RUNS} of the {many} runs, drawn at random"
    judged = campaign.judging.judged
    for number, output in enumerate(table.study.outputs):
        tolerance = campaign.study.need.tolerances.get(output.name)
        if tolerance is not None and tolerance.metric == "rmsle":
            continue  # logarithms weigh rows otherwise
        truth = judged.outputs[:, number]
        found = dominant_row(truth, {name: answer[:, number] for name, answer in campaign.answers.items()})
        if found is not None:
            row, share = found
            yield (
                f"line {table.lines[judged.numbers[row]]}: '{output.label['en']}' = {truth[row]:.10g} makes up at least "
                f"{100 * share:.3g} % of the squared error of every candidate; errors say little of the other rows"
            )
