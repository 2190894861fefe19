"""The benchopt benchmark that does nothing: its score is a constant."""

from benchopt import BaseObjective


class Objective(BaseObjective):
    name = "nothing"
    min_benchopt_version = "1.10"
    sampling_strategy = "run_once"

    def set_data(self, x, y):
        self.x, self.y = x, y

    def get_objective(self):
        return {"x": self.x, "y": self.y}

    def get_one_result(self):
        return {"answer": 0.0}

    def evaluate_result(self, answer):
        return {"value": answer}
