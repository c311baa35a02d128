import { CHROMIUM_FLAGS, findChromium } from '../../../platform/node/chromium.ts'

/** A real tab of the volunteer page in the machine's own Chromium, with a volunteer who agrees and presses the button. */
export interface Tab {
  /** What the page's console said, for when something goes wrong. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** Null, with the reason told, where there is no Chromium or no driver for it (an installed package has none). */
export async function openTab(url: string, tell: (reason: string) => void): Promise<Tab | null> {
  const executablePath = findChromium()
  if (!executablePath) {
    tell('there is no Chromium here, so the demo runs with edge workers alone')
    return null
  }
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(url)
    // The authors are there as soon as the rendezvous has answered.
    await page.getByRole('checkbox').first().waitFor()
    for (const box of await page.getByRole('checkbox').all()) if (await box.isVisible()) await box.check()
    await page.getByRole('button', { name: 'Agree and start' }).click()
    return { complaints, close: () => browser.close() }
  } catch (error) {
    await browser.close()
    throw error
  }
}
