"""funnelcli: conversion funnels from event logs. The rooms are listed in the README, "Working on it"."""

__version__ = "0.1.0"
