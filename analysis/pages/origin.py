"""Who the model of a page is, so that the page can be printed and filed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """`name` of the model; what is not known is empty.

    execution  in which it was judged;  training_job  that made it;  date  of the judgement, in UTC
    """

    name: str = "model"
    pipeline: str = ""
    execution: str = ""
    training_job: str = ""
    date: str = ""

    def facts(self) -> dict[str, str]:
        """What is known beside the name, by what it is."""
        facts = {
            "pipeline": self.pipeline, "execution": self.execution, "training job": self.training_job,
            "judged on": self.date,
        }  # fmt: skip
        return {name: value for name, value in facts.items() if value}

    def line(self) -> str:
        """The same in one line."""
        said = ", ".join(f"{name} {value}" for name, value in self.facts().items())
        return f"{said[:1].upper()}{said[1:]}"
