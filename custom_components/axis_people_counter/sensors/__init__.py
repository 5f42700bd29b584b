"""Sensors that need more than the state of a camera or place. Added by sensor.py."""

from .conversion_sensor import ConversionSensor, ConversionSensorDescription
from .difference_sensor import DifferenceSensor, DifferenceSensorDescription
from .summed_sensor import SummedSensorDescription, async_add_summed_sensors
from .weekday_sensors import (
    ATTR_DAYS,
    WeekdaySensorDescription,
    async_add_weekday_sensors,
    people_compared,
    typical_occupancy,
)

__all__ = [
    "ATTR_DAYS",
    "ConversionSensor",
    "ConversionSensorDescription",
    "DifferenceSensor",
    "DifferenceSensorDescription",
    "SummedSensorDescription",
    "WeekdaySensorDescription",
    "async_add_summed_sensors",
    "async_add_weekday_sensors",
    "people_compared",
    "typical_occupancy",
]
