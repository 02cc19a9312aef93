"""A bad setting is named together with its cure, and a traceback is never the answer."""

from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from config.environment import Environment, Problem
from config.json_logs import JsonFormatter
from tests.config.running import manage


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch):
    def with_values(**values: str) -> Environment:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        return Environment()

    return with_values


def test_good_values_are_taken(env) -> None:
    given = env(PORT="8080", DEBUG="yes", ALLOWED_HOSTS=" a.example , b.example,", PUBLIC_URL="https://a.example/")
    assert given.number("PORT", 8000, 0, 65535) == 8080
    assert given.yes("DEBUG") is True
    assert given.names("ALLOWED_HOSTS", ["*"]) == ["a.example", "b.example"]
    assert given.address("PUBLIC_URL", "http://localhost") == "https://a.example"
    assert given.problems == []


@pytest.mark.parametrize("value", ["abc", "-1", "65536", "80 80"])
def test_a_port_that_is_none_is_named(env, value: str) -> None:
    given = env(PORT=value)
    assert given.number("PORT", 8000, 0, 65535) == 8000
    assert given.problems == [Problem("PORT", f"PORT is “{value}”.", "Set it to a whole number from 0 to 65535.")]


@pytest.mark.parametrize("value", ["example.com", "ftp://example.com", "https://", "https://a b.example", "http://a:x"])
def test_an_address_that_is_none_is_named(env, value: str) -> None:
    given = env(PUBLIC_URL=value)
    assert given.address("PUBLIC_URL", "http://localhost:8000") == "http://localhost:8000"
    assert [problem.setting for problem in given.problems] == ["PUBLIC_URL"]


def test_an_unknown_time_zone_a_weak_key_and_a_strange_rate_are_named(env) -> None:
    given = env(TIME_ZONE="Mars/Olympus", SECRET_KEY="secret", API_THROTTLE="often", DEBUG="perhaps", LOG_LEVEL="loud")
    assert given.zone("TIME_ZONE", "UTC") == "UTC"
    given.secret("SECRET_KEY", lambda: "made")
    assert given.rate("API_THROTTLE", "6000/min") == "6000/min"
    assert given.yes("DEBUG") is False
    assert given.one_of("LOG_LEVEL", ("INFO", "WARNING"), "WARNING") == "WARNING"
    assert [p.setting for p in given.problems] == ["TIME_ZONE", "SECRET_KEY", "API_THROTTLE", "DEBUG", "LOG_LEVEL"]
    assert all(problem.cure.startswith("Set it to") for problem in given.problems)


def test_a_database_that_is_not_postgresql_is_named(env) -> None:
    given = env(DATABASE_URL="mysql://localhost/waypost")
    given.database("DATABASE_URL", lambda: "postgres://elsewhere/db")
    assert "begins with “mysql:”" in given.problems[0].sentence


def test_a_database_on_a_socket_is_understood(env) -> None:
    given = env(DATABASE_URL="postgresql://waypost:secret@/mail?host=/run/postgresql")
    database = given.database("DATABASE_URL", lambda: "")
    assert (database["HOST"], database["NAME"], database["USER"]) == ("/run/postgresql", "mail", "waypost")
    assert "host" not in database["OPTIONS"]


def test_system_checks_tell_the_setting_and_the_cure() -> None:
    with override_settings(ENVIRONMENT_PROBLEMS=[Problem("PORT", "PORT is “x”.", "Set it to a number.")]):
        (error,) = run_checks(tags=["settings"])
    assert (error.obj, error.msg, error.hint) == ("PORT", "PORT is “x”.", "Set it to a number.")


def test_every_host_is_only_worth_a_warning_before_deploying() -> None:
    with override_settings(ALLOWED_HOSTS=["*"]):
        found = run_checks(tags=["security"], include_deployment_checks=True)
        assert "waypost.W001" in {message.id for message in found}
    with override_settings(ALLOWED_HOSTS=["waypost.example"]):
        found = run_checks(tags=["security"], include_deployment_checks=True)
        assert "waypost.W001" not in {message.id for message in found}


def test_up_refuses_bad_settings_without_a_traceback(tmp_path: Path) -> None:
    result = manage("up", var=tmp_path / "var", PORT="abc", DATABASE_URL="mysql://localhost/x", TIME_ZONE="Nowhere")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    for sentence in ("PORT is “abc”", "DATABASE_URL begins with “mysql:”", "TIME_ZONE is “Nowhere”"):
        assert sentence in result.stderr


def test_a_database_that_does_not_answer_is_said_in_a_sentence(tmp_path: Path) -> None:
    result = manage("up", var=tmp_path / "var", PORT="0", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert result.returncode == 1
    assert "The database does not answer" in result.stderr
    assert "Traceback" not in result.stderr


def test_logs_can_be_json() -> None:
    import json
    import logging

    record = logging.LogRecord("flows", logging.WARNING, __file__, 1, "%s moved", ("Ana",), None)
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["logger"], line["message"]) == ("warning", "flows", "Ana moved")
