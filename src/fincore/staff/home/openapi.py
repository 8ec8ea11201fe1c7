"""How `/staff/v1/home` is documented."""

from typing import Final

from fincore.http.openapi import Content, Operation
from fincore.staff.home.body import StaffHomeBody
from fincore.staff.lists import MODE

GET_HOME: Final = Operation(
    operation_id="get_home",
    summary="Get the home page",
    description="Returns what needs a person today in a mode, and the state of the system. Counts are bounded, and each part can fail alone.",
    tag="Home",
    parameters=(MODE,),
    responses={200: Content(shape=StaffHomeBody, description="The home page.")},
    problems=("parameter_invalid", "parameter_unknown"),
)
