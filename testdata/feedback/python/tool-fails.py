# tools: granted
import tools

print(tools.weather.forecast(city="Atlantis"))
