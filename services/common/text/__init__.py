"""Text from other programs and people: how it is cleaned, and how parts that readers do not see are found."""
