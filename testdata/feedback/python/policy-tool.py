import tools

print(tools.weather.forecast(city="Rome"))
