"""The settings of a process as staff may see them: without secrets."""

from collections.abc import Mapping

from fincore.backoffice.installation_page import ShownSetting, shown_value
from fincore.bootstrap.environment import settings_in_force


def shown_settings(environment: Mapping[str, str]) -> tuple[ShownSetting, ...]:
    """Every setting, in the order of the documentation; of a secret only whether it is set."""
    return tuple(
        ShownSetting(
            name=one.setting.name,
            value=None if one.setting.is_secret else shown_value(one.value),
            is_set=bool(one.value),
            origin=one.origin,
            meaning=one.setting.meaning,
        )
        for one in settings_in_force(environment)
    )
