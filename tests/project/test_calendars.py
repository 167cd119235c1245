from datetime import date, time

from tests.project.conftest import ProjectFolder


def _with(folder: ProjectFolder, calendars: str) -> None:
    folder.replace("xconnector.yaml", "people:\n", f"calendars:\n  {calendars}\npeople:\n")


def test_a_calendar_knows_the_holidays_of_its_country_and_those_of_the_office(project_folder: ProjectFolder) -> None:
    _with(project_folder, 'office: {country: DE, subdivision: BY, holidays: [2026-12-24], cutoff: "15:00"}')

    office = project_folder.load().calendars["office"]

    assert office.zone.key == "Europe/Berlin"
    assert office.cutoff == time(15)
    assert not office.is_working_day(date(2026, 12, 24))
    assert not office.is_working_day(date(2031, 12, 25)), "a holiday of any year"
    assert not office.is_working_day(date(2026, 1, 6)), "Epiphany, in Bavaria only"
    assert office.is_working_day(date(2027, 12, 23))
    assert not office.is_working_day(date(2026, 11, 28)), "a Saturday"


def test_a_calendar_without_a_country_has_the_days_that_are_listed(project_folder: ProjectFolder) -> None:
    _with(project_folder, "souk: {weekdays: [sun, mon, tue, wed, thu], holidays: [2026-03-20], timezone: Asia/Muscat}")

    souk = project_folder.load().calendars["souk"]

    assert souk.zone.key == "Asia/Muscat"
    assert souk.is_working_day(date(2026, 12, 25)) is False, "a Friday"
    assert souk.is_working_day(date(2026, 12, 27)), "a Sunday"
    assert not souk.is_working_day(date(2026, 3, 20))


def test_what_is_wrong_with_a_calendar_is_told(project_folder: ProjectFolder) -> None:
    spoiled = """one: {country: XX}
  two: {country: DE, subdivision: XY}
  three: {timezone: Europe/Berlim}
  four: {weekdays: []}
  five: {subdivision: BY}
  six: {holidays: [20261224]}"""
    _with(project_folder, spoiled)

    told = "\n".join(project_folder.findings())

    assert "xconnector.yaml:16: the holidays of 'XX' are not known → use a code such as DE or CH" in told
    assert "xconnector.yaml:17: DE has no subdivision 'XY' with holidays of its own" in told
    assert "xconnector.yaml:18: 'Europe/Berlim' is no time zone → did you mean 'Europe/Berlin'?" in told
    assert "xconnector.yaml:19: `calendars.four.weekdays`" in told
    assert "xconnector.yaml:20: a subdivision is one of a country" in told
    assert "xconnector.yaml:21: `calendars.six.holidays.0`: write a day as 2026-12-31" in told
