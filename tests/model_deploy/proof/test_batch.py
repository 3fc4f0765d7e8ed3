"""Files of results, read back."""

import json

from model_deploy.proof.batch import csv_answers, json_answers


def test_csv_with_input_in_front_and_stamps_behind() -> None:
    text = 'Bern,"1,5",yes,0.75,3,id-1,2026-11-21T13:00:05Z\n'
    assert csv_answers(text, joined=2, captured=2) == [{"decision": "yes", "score": 0.75, "model_version": 3}]


def test_csv_of_classes_of_a_regression_and_of_errors() -> None:
    assert csv_answers("high,0.2,0.8,3\n", 0, 0) == [{"decision": "high", "score": [0.2, 0.8], "model_version": 3}]
    assert csv_answers("12.5,3\n", 0, 0) == [{"decision": 12.5, "score": 12.5, "model_version": 3}]
    of_a_class, of_a_regression = csv_answers("ERROR: no age,,3\nERROR: no age,3\n", 0, 0)
    assert of_a_class == of_a_regression == {"error": "ERROR: no age"}


def test_json_lines_with_and_without_the_input() -> None:
    answer = {"decision": "yes", "score": 0.75, "model_version": 3}
    assert json_answers(json.dumps(answer) + "\n" + json.dumps({"age": 1, "SageMakerOutput": answer})) == [answer] * 2
