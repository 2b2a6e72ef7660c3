"""models/ holds files in the modelling language, which Python must not import."""

collect_ignore = ["models"]
